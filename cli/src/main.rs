//! `segue`: can this workflow move today, how do you know, and how do we get back?

fn main() {}
