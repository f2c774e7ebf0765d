"""Every file that lies on disk, typed once: the writer fills the record, the reader gets it."""
