"""Why somebody sees what he sees in a record: the answers of the law, as tables and as a page. It writes nothing."""
