// Speed of llama.cpp on a GGUF file: reading a prompt and decoding, on the CPU. Median of several.
//
//   npm install node-llama-cpp        (in a folder of its own; run the script from there)
//   node llama-cpp.mjs FILE.gguf [threads [promptTokens [newTokens]]]
import {getLlama} from "node-llama-cpp";

const [file, threads = "2", promptTokens = "512", newTokens = "24"] = process.argv.slice(2);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error", maxThreads: Number(threads)});
const model = await llama.loadModel({modelPath: file});
const context = await model.createContext({contextSize: 2048, batchSize: 512, threads: Number(threads), flashAttention: false});
const sequence = context.getSequence();

function median(values) {
    return values.sort((a, b) => a - b)[values.length >> 1];
}

const prefill = [];
const decode = [];
for (let run = 0; run < 4; run++) {
    await sequence.clearHistory();
    const prompt = Array.from({length: Number(promptTokens)}, (_, i) => (i * 7919 + run * 104729) % 128000);
    const start = performance.now();
    let count = 0;
    let last = start;
    // The first token comes after the whole prompt has been read.
    for await (const _ of sequence.evaluate(prompt, {temperature: 0, yieldEogToken: true})) {
        const now = performance.now();
        if (count === 0) prefill.push(now - start);
        else decode.push(now - last);
        last = now;
        if (++count > Number(newTokens)) break;
    }
}
console.log(`${file}: prefill ${(Number(promptTokens) / (median(prefill.slice(1)) / 1000)).toFixed(1)} tokens/s, ` +
    `decode ${(1000 / median(decode)).toFixed(2)} tokens/s, ${threads} threads`);
process.exit(0);
