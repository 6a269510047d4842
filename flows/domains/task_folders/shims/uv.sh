#!/bin/sh
# Stands in for uv: `uv run PROGRAM` runs the program, `uv tool run` too; all else installs what the image holds.
case "$1" in
  run) shift ;;
  tool) [ "$2" = run ] || exit 0; shift 2 ;;
  *) exit 0 ;;
esac
exec uvx "$@"
