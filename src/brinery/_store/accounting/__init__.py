"""What a store holds and how calls fared, in numbers that processes share; what goes first."""
