# std/gemini: Google's models through the Gemini API, from the quickest to the most able.
# The key comes from GEMINI_API_KEY. Prices are known; ids are those of November 2026.

model flash_lite = gemini("gemini-3.5-flash-lite")  { max_tokens: 1024, timeout: 60s }
model flash      = gemini("gemini-3.8-flash")       { max_tokens: 2048, timeout: 60s }
model pro        = gemini("gemini-3.1-pro-preview") { max_tokens: 4096, timeout: 180s }
