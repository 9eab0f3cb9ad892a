"""Documents made from the code: schemas, AsyncAPI, catalogues, the reference of the command line."""
