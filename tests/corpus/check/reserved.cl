# Words that stand in front of other names.
use "std/anthropic"
use "used/models.cl" as case                       # error: [reserved-name]
check  meta  = json                                # error: [reserved-name]
signal query = has_code                            # error: [reserved-name]
policy main  = route query -> opus else haiku
