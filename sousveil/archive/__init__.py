"""Archive: WARC records written, read and looked up; bytes at rest."""
