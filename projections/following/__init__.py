"""The role: follows `custody.entries` and `custody.publications`, and applies what comes, child by child."""
