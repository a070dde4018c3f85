"""CloudEvents 1.0, structured and batch JSON: what a partner sends over HTTP.

Source: CloudEvents specification 1.0.2, JSON event format 1.0.2.
"""
