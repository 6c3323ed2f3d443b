"""The REST API's shell: which version answers, and through which plan. Routes come with the API issue."""
