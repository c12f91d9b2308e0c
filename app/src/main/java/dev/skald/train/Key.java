package dev.skald.train;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A key of a configuration file, on the record component of its name: {@code sequenceLen} is {@code sequence_len}. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Key {

    /** What it means, with its unit and range. */
    String value();

    /** The value when the key is not given, as the file would write it; empty: none. */
    String defaultValue() default "";
}
