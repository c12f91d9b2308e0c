package dev.skald.text;

import dev.skald.InvalidInputException;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A path, a directory or a glob, as configuration files name texts. A name that is there is meant as it is written, whatever characters it has;
 * what follows the last such name is a glob with {@code *}, {@code **}, {@code ?}, <code>{a,b}</code>, {@code [a-z]} and {@code [!a]}, where
 * {@code **} stands for any number of directories, also none.
 *
 * @param start the file or directory, or where the glob begins; it need not be there
 * @param glob what paths below it have to match, with a slash between names; the empty string if there is none
 */
public record FilePattern(Path start, String glob) {

    private static final String SPECIAL = "*?{[";

    /**
     * What is meant by a directory or glob.
     *
     * @param files those that are meant, sorted by path
     * @param others files of a directory that are not meant, sorted by path; none for a glob
     */
    public record Found(List<Path> files, List<Path> others) {}

    /**
     * What a user wrote.
     *
     * @param base what a relative pattern starts from
     */
    public static FilePattern of(Path base, String pattern) {
        Path start = pattern.startsWith("/") ? base.resolve("/") : base;
        String rest = pattern;
        while (!rest.isEmpty()) {
            int slash = rest.indexOf('/');
            String name = slash < 0 ? rest : rest.substring(0, slash);
            if (name.chars().anyMatch(c -> SPECIAL.indexOf(c) >= 0) && !Files.exists(start.resolve(name))) {
                return new FilePattern(start.normalize(), rest);
            }
            start = start.resolve(name);
            rest = slash < 0 ? "" : rest.substring(slash + 1);
        }
        return new FilePattern(start.normalize(), "");
    }

    /** Whether it is a glob, and not the name of one file or directory. */
    public boolean isGlob() {
        return !glob.isEmpty();
    }

    /**
     * The files that it stands for: the file itself, those below the directory that are known, or all that the glob matches; none if there is
     * no such file or directory. Hidden files and directories below are left out, unless the glob names them. A file that several links lead to
     * is found once, and a link back to a directory that it is in is passed over.
     *
     * @param known which files of a directory are meant
     * @param leftOut directories below that are not looked into
     * @throws InvalidInputException if the glob is none
     */
    public Found find(Predicate<Path> known, Predicate<Path> leftOut) throws IOException {
        if (!isGlob() && Files.isRegularFile(start)) {
            return new Found(List.of(start), List.of());
        }
        if (!Files.isDirectory(start)) {
            return new Found(List.of(), List.of());
        }
        Walk walk = new Walk(leftOut);
        Files.walkFileTree(start, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, walk);
        Predicate<Path> wanted = isGlob() ? matcher() : known;
        Set<Path> seen = new HashSet<>();
        List<Path> files = new ArrayList<>();
        List<Path> others = new ArrayList<>();
        for (Path file : walk.files.stream().sorted().toList()) {
            if (!wanted.test(file)) {
                others.add(file);
            } else if (seen.add(file.toRealPath())) {
                files.add(file);
            }
        }
        return new Found(files, isGlob() ? List.of() : others);
    }

    /** All files below that are not hidden. */
    private final class Walk extends SimpleFileVisitor<Path> {

        private final boolean hidden =
                Arrays.stream(glob.split("/")).anyMatch(name -> name.startsWith(".") || name.startsWith("{."));
        private final Predicate<Path> leftOut;
        private final List<Path> files = new ArrayList<>();

        Walk(Predicate<Path> leftOut) {
            this.leftOut = leftOut;
        }

        private boolean isHidden(Path path) {
            return !hidden && path.getFileName().toString().startsWith(".");
        }

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            boolean out = !directory.equals(start) && (isHidden(directory) || leftOut.test(directory));
            return out ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile() && !isHidden(file)) {
                files.add(file);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof FileSystemLoopException) {
                return FileVisitResult.CONTINUE;
            }
            throw e;
        }
    }

    private Predicate<Path> matcher() {
        try {
            Pattern names = Pattern.compile(regex(), Pattern.DOTALL);
            String separator = start.getFileSystem().getSeparator();
            return file -> names.matcher(start.relativize(file).toString().replace(separator, "/"))
                    .matches();
        } catch (PatternSyntaxException e) {
            throw new InvalidInputException(start.resolve(glob) + ": not a glob: " + e.getDescription(), e);
        }
    }

    /** The glob as a regular expression. A bracket that is not closed stands for itself, as in a shell. */
    private String regex() {
        StringBuilder regex = new StringBuilder();
        int groups = 0;
        for (int at = 0; at < glob.length(); at++) {
            char c = glob.charAt(at);
            int close = c == '[' ? glob.indexOf(']', at + 2) : -1;
            if (glob.startsWith("**/", at)) {
                regex.append("(?:.*/)?");
                at += 2;
            } else if (glob.startsWith("**", at)) {
                regex.append(".*");
                at++;
            } else if (c == '*') {
                regex.append("[^/]*");
            } else if (c == '?') {
                regex.append("[^/]");
            } else if (close > 0) {
                regex.append(characters(glob.substring(at + 1, close)));
                at = close;
            } else if (c == '{' && glob.indexOf('}', at) > 0) {
                regex.append("(?:");
                groups++;
            } else if (c == '}' && groups > 0) {
                regex.append(')');
                groups--;
            } else if (c == ',' && groups > 0) {
                regex.append('|');
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return regex + ")".repeat(groups);
    }

    private static String characters(String set) {
        boolean not = set.startsWith("!");
        return (not ? "[^/" : "[") + (not ? set.substring(1) : set).replaceAll("[\\\\\\[\\]&^]", "\\\\$0") + "]";
    }
}
