#!/bin/bash
# As the official image: valkey runs as its own user, and takes clients of the container's network without a password.
exec gosu valkey "$@" --protected-mode no
