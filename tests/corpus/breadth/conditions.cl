# Keyword, pattern, length, structure, conversation and metadata conditions, alone and together.
use "std/anthropic"

signal keyword  = contains(["refund", "chargeback"])
signal ticket   = matches(/\b[A-Z]{2,5}-[0-9]+\b/)
signal terse    = words <= 3 and not has_code
signal document = tokens > 1500 or lines > 40
signal built    = has_code or has_math or has_url
signal answered = turns >= 4  # the fourth message of the user or a later one
signal machine  = wants_json or has_tools
signal trusted  = meta.plan in ["gold", "team"] and meta.blocked is missing

policy main =
  route machine           -> sonnet,
        document          -> opus,
        keyword or ticket -> sonnet,
        built             -> opus,
        answered          -> sonnet,
        terse and trusted -> sonnet,
        terse             -> haiku
  else haiku

test "each condition" for each "conditions.yaml" {
  expect path == case.path
}
