#!/bin/sh
# Stands in for uvx: leaves out its options and runs the program, whose packages the image holds.
while [ $# -gt 0 ]; do
  case "$1" in
    -p | --python | -w | --with | --from | --index-url) shift 2 ;;
    -*) shift ;;
    *) break ;;
  esac
done
exec "$@"
