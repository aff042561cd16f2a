//! Nothing of its own: the test is an example of the repository, built from the package.
