//! Model folders as people have them, and the commands that read rows.
