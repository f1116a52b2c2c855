#!/usr/bin/env bash
# Everything that CI runs, before a change goes in: see .ci/run.
exec "$(dirname "$0")/../.ci/run" "$@"
