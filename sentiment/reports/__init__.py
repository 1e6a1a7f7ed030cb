"""Everything drawn or written for people: pictures, the weekly report."""
