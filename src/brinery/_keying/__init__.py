"""What makes two calls the same: keys. Never touches the store. Start reading at `key` and `code.reach`."""
