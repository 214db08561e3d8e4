//! Tests of the expansions as token streams.
