"""Folders and files, opened through descriptors; nothing is followed by mistake."""
