"""What the Gemini adapter sends, field by field, against the names its documentation gives.

No Google SDK is installed, so nothing here compares with one: the names are those of
https://ai.google.dev/api/generate-content (GenerateContentRequest, Content, Part, GenerationConfig, ThinkingConfig,
Tool, FunctionDeclaration), checked as a whole so that a field of another name fails.
"""

from __future__ import annotations

import pytest
from adapters import every_transport, request, sent
from test_official_sdks import PNG, SCHEMA, TALK, WEATHER

REQUEST = {"contents", "systemInstruction", "generationConfig", "tools"}
PART = {"text", "inlineData", "fileData"}
GENERATION = {
    "maxOutputTokens",
    "temperature",
    "topP",
    "seed",
    "stopSequences",
    "responseMimeType",
    "responseJsonSchema",
    "responseLogprobs",
    "logprobs",
    "thinkingConfig",
}


@every_transport
@pytest.mark.parametrize("streamed", [False, True])
def test_whole_request(transport, streamed):
    asked = request(
        messages=TALK,
        system="Be brief.",
        max_tokens=77,
        temperature=0.2,
        top_p=0.9,
        seed=7,
        stop=("END",),
        effort="low",
        json_schema=SCHEMA,
        logprobs=3,
        tools=(WEATHER,),
    )
    captured = sent("gemini", transport, asked, streamed=streamed)
    method = "streamGenerateContent?alt=sse" if streamed else "generateContent"
    assert captured.path == f"/v1beta/models/some-model:{method}"
    body = captured.body
    assert set(body) == REQUEST
    assert set(body["generationConfig"]) == GENERATION
    assert {name for content in body["contents"] for part in content["parts"] for name in part} == PART
    assert body == {
        "contents": [
            {
                "role": "user",
                "parts": [
                    {"text": "What is this?"},
                    {"inlineData": {"mimeType": "image/png", "data": PNG}},
                    {"fileData": {"fileUri": "https://x.test/a.png"}},
                ],
            },
            {"role": "model", "parts": [{"text": "A picture."}]},
            {"role": "user", "parts": [{"text": "Of what?"}]},
        ],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {
            "maxOutputTokens": 77,
            "temperature": 0.2,
            "topP": 0.9,
            "seed": 7,
            "stopSequences": ["END"],
            "responseMimeType": "application/json",
            "responseJsonSchema": SCHEMA,
            "responseLogprobs": True,
            "logprobs": 3,
            "thinkingConfig": {"thinkingLevel": "low"},
        },
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "weather",
                        "description": "Tells the weather",
                        "parametersJsonSchema": WEATHER.parameters,
                    }
                ]
            }
        ],
    }


def test_smallest_request():
    captured = sent("gemini", "httpx", request())
    assert captured.body == {
        "contents": [{"role": "user", "parts": [{"text": "Say hello"}]}],
        "generationConfig": {"maxOutputTokens": 1024},
    }


def test_json_mode_without_a_schema():
    generation = sent("gemini", "httpx", request(json_mode=True)).body["generationConfig"]
    assert generation["responseMimeType"] == "application/json"
    assert "responseJsonSchema" not in generation
