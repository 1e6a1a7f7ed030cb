"""Which model serves, on this machine and on Azure Blob."""
