"""A run as files: tables, build servers' XML, a report, pages that open without a server."""
