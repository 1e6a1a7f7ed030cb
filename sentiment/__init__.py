"""The domain of Sentiloop, in rooms; each one's `__init__.py` says what it holds.

Every room may use the files beside this one: settings, errors, loopback, waiting, keys, durable
files, blobs, masking, draws by hash, the rules for a text, Prefect's login and what commands share.
Besides, a room imports only what `FLOORS` in tests/test_architecture.py allows it.

- `data`: labelled tweets made ready for training, and the dataset of validated feedback
- `evaluation`: how good, how sure, how well-behaved and how costly a model is
- `training`: the plan of a training, its lessons, and its results: run, version, export, comparison
- `gate`: may a challenger replace the champion? Evidence in, verdict out
- `promotion`: crowns, aligns, rolls back, shadows and releases champions; nothing else writes them
- `champions`: which model serves, on this machine and on Azure Blob
- `feedback`: what people say of a prediction, signed and durable
- `telemetry`: what a process records, and where it sends it
- `serving`: from a request to an answer
- `supervision`: asking the logs, and the alerts; its KQL lies in `queries`
- `drift`: how the texts of production differ from those that the champion learned from
- `review`: the queue in which people judge, and what of it may join the dataset
- `tables`: tables of tweets as people bring them, in any of their formats
- `bulk`: scoring files larger than memory
- `reports`: everything drawn or written for people
"""
