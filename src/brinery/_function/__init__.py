"""A decorated function: its keys, the way of a call, and what people hold. Start reading at `call`."""
