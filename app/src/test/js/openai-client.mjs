// The official OpenAI client against a running server: node openai-client.mjs http://127.0.0.1:PORT/v1
// The server's model says "bcåxyz😀 Ⅷ." after the last a of a prompt. Prints one line for each thing that holds.
import assert from "node:assert/strict";
import OpenAI from "openai";

const SAYS = "bcåxyz😀 Ⅷ.";
const client = new OpenAI({ baseURL: process.argv[2], apiKey: "secret", maxRetries: 0 });
const messages = [{ role: "user", content: "hej" }];
const model = "tiny";

const models = await client.models.list();
assert.deepEqual(models.data.map((each) => each.id), [model]);
assert.equal((await client.models.retrieve(model)).object, "model");
console.log("models");

const completion = await client.completions.create({ model, prompt: "a", max_tokens: 40, temperature: 0, logprobs: 2, stop: ["😀"] });
assert.equal(completion.choices[0].text, "bcåxyz");
assert.equal(completion.choices[0].finish_reason, "stop");
assert.equal(completion.choices[0].logprobs.tokens.length, completion.usage.completion_tokens);
console.log("completion");

let text = "";
for await (const chunk of await client.completions.create({ model, prompt: ["a", "x"], max_tokens: 40, temperature: 0, stream: true })) {
  if (chunk.choices[0].index === 0) text += chunk.choices[0].text;
}
assert.equal(text, SAYS);
console.log("completion stream");

const answer = await client.chat.completions.create({ model, messages, temperature: 0, logprobs: true, top_logprobs: 3, max_completion_tokens: 50 });
assert.equal(answer.choices[0].message.content, SAYS);
assert.equal(answer.choices[0].message.role, "assistant");
assert.equal(Buffer.from(answer.choices[0].logprobs.content.flatMap((token) => token.bytes)).toString().replace("</s>", ""), SAYS);
console.log("chat");

text = "";
let usage = null;
const stream = await client.chat.completions.create({ model, messages, temperature: 0, stream: true, stream_options: { include_usage: true } });
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(text, SAYS);
assert.equal(usage.completion_tokens, answer.usage.completion_tokens);
console.log("chat stream");

const runner = client.chat.completions.stream({ model, messages, temperature: 0 });
assert.equal((await runner.finalChatCompletion()).choices[0].message.content, SAYS);
console.log("chat stream helper");

const schema = { type: "object", properties: { label: { type: "string", enum: ["ja", "nej"] } }, required: ["label"], additionalProperties: false };
const json = await client.chat.completions.parse({ model, messages, temperature: 0,
  response_format: { type: "json_schema", json_schema: { name: "svar", schema, strict: true } } });
assert.ok(["ja", "nej"].includes(json.choices[0].message.parsed.label));
console.log("json schema");

const tools = [{ type: "function", function: { name: "väder", parameters: { type: "object", properties: { ort: { type: "string", enum: ["Umeå", "Oslo"] } }, required: ["ort"], additionalProperties: false } } }];
const called = await client.chat.completions.create({ model, messages, temperature: 0, tools, tool_choice: "required" });
assert.equal(called.choices[0].finish_reason, "tool_calls");
const call = called.choices[0].message.tool_calls[0];
assert.ok(["Umeå", "Oslo"].includes(JSON.parse(call.function.arguments).ort));
const next = await client.chat.completions.create({ model, temperature: 0, tools,
  messages: [...messages, called.choices[0].message, { role: "tool", tool_call_id: call.id, content: "-12" }] });
assert.equal(next.choices[0].message.content, SAYS);
console.log("tools");

await assert.rejects(client.chat.completions.create({ model: "gpt-4", messages }), (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
await assert.rejects(client.chat.completions.create({ model, messages: [] }), OpenAI.BadRequestError);
await assert.rejects(new OpenAI({ baseURL: process.argv[2], apiKey: "wrong", maxRetries: 0 }).models.list(), OpenAI.AuthenticationError);
await assert.rejects(client.embeddings.create({ model, input: "a" }), OpenAI.NotFoundError);
console.log("errors");

const abort = new AbortController();
const long = await client.completions.create({ model, prompt: "Q", max_tokens: 400, temperature: 0, ignore_eos: true, stream: true }, { signal: abort.signal });
let chunks = 0;
try {
  for await (const _ of long) if (++chunks === 3) abort.abort();
} catch (error) {
  assert.ok(error instanceof OpenAI.APIUserAbortError || error.name === "AbortError");
}
assert.ok(chunks < 20);
console.log("abort");
