"""What has nothing to do with astronomy: files, tables, names, messages, progress, types."""
