"""ZIP files, tarballs and what else is packed, into the files that they hold."""
