"""Live objects of libraries, such as clients and engines: counted by what the user gave them."""
