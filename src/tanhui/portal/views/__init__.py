"""Views of the portal: each reads rooms' queries or the library of documents, and fills one template."""
