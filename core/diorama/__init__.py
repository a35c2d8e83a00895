"""Diorama: the embedded toy world, modelled, rendered and learnt by the project itself."""
