// Greedy text by llama.cpp on the CPU, a JSON object for each prompt: to compare with what `skald generate --greedy --json` prints.
//
//   npm install node-llama-cpp        (in a folder of its own; run the script from there)
//   node llama-cpp-text.mjs FILE.gguf NEW_TOKENS PROMPT...
import {getLlama} from "node-llama-cpp";

const [file, newTokens, ...prompts] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: 2});
const model = await llama.loadModel({modelPath: file});
const context = await model.createContext({contextSize: 512, batchSize: 512, threads: 2, flashAttention: false});
const sequence = context.getSequence();
for (const prompt of prompts) {
    await sequence.clearHistory();
    const ids = model.tokenize(prompt);
    if (model.tokens.shouldPrependBosToken) ids.unshift(model.tokens.bos);
    const generated = [];
    for await (const token of sequence.evaluate(ids, {temperature: 0, yieldEogToken: true})) {
        generated.push(token);
        if (generated.length >= Number(newTokens) || model.isEogToken(token)) break;
    }
    console.log(JSON.stringify({prompt_ids: ids, generated_ids: generated, generated_text: model.detokenize(generated)}));
}
process.exit(0);
