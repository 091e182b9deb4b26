"""Networks, written only as compositions of the engine's primitives."""
