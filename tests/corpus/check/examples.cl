# Files of examples that can't be used: each is told once, with the line of the file.
use "std/openai"
signal topic: {billing, technical} = nearest("topics.yaml")
signal wrong: {billing, chat} = nearest("topics.yaml")            # error: [unknown-label]
signal shared  = nearest("shared.yaml") == billing                # error: [invalid-examples]
signal spaced  = nearest("spaced.yaml") == billing                # error: [invalid-examples]
signal lines   = nearest("examples.txt") == billing               # error: [invalid-examples]
signal none    = nearest("no_such_file.yaml") == billing          # error: [missing-file]
signal asked   = topic == biling                                  # error: [unknown-label]
signal alike   = similar("examples.txt") >= 0.4
signal empty   = similar("empty.txt") >= 0.4                      # error: [invalid-examples]
signal cut     = similar("broken.json") >= 0.4                    # error: [invalid-examples]
signal binary  = similar("latin1.txt") >= 0.4                     # error: [not-text]
signal percent = similar("examples.txt") >= 40                    # error: [threshold-out-of-range]
signal high    = nearest("topics.yaml", least: 4) == billing      # error: [wrong-type]
route topic == billing and (alike or conversation.similar("examples.txt") > 0.5) -> gpt_mini else gpt
