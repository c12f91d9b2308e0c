package dev.skald.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A key of a configuration file, on the record component of its name: {@code sequenceLen} is {@code sequence_len}. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Key {

    /** What it means, with its unit and range. */
    String value();

    /** Its name in the file, where it is not the component's with underscores. */
    String name() default "";

    /** The value when the key is not given: JSON, or a text without quotes; empty: none. */
    String defaultValue() default "";

    /** Other names that it may have in a file. */
    String[] alsoCalled() default {};

    /** Whether the record may be written as the value of this key alone: {@code datasets: [a.txt]} for {@code datasets: [{path: a.txt}]}. */
    boolean alone() default false;
}
