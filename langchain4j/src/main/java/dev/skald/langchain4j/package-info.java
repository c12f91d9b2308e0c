/**
 * Models in this JVM as LangChain4j's: {@link dev.skald.langchain4j.SkaldChatModel}, {@link dev.skald.langchain4j.SkaldStreamingChatModel}, {@link
 * dev.skald.langchain4j.SkaldLanguageModel}, {@link dev.skald.langchain4j.SkaldTokenCountEstimator}. All of them use a model that its caller loads and closes.
 */
package dev.skald.langchain4j;
