"""The bytes of an entry file: laid out, written, read and verified."""
