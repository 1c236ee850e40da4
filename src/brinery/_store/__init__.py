"""Where results live: signed entries in folders. Never sees a function. Start reading at `function_folder`."""
