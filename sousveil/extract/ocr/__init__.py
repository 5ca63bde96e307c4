"""Text of pictures, recognised on this computer (extra `ocr`)."""
