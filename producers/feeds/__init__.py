"""The role that publishes what each agency may know on that agency's feed."""
