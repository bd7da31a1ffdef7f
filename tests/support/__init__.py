"""Python support for the tests: start daemons, make clients, read the audit log."""
