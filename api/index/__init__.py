"""The chain folded into SQL: judged again act by act, so that the index is a continuous audit."""
