/**
 * A model in this JVM as Spring AI's {@link dev.skald.springai.SkaldChatModel}, and Boot's auto-configuration of it. The model is closed with the application's context.
 */
package dev.skald.springai;
