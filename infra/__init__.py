"""The Azure side: what is deployed there, and the programs that write it from the same sources as the local side."""
