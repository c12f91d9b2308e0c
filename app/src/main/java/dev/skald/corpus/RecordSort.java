package dev.skald.corpus;

/** Sorts records of several longs that lie one after the other in an array: quicksort in three parts, so that equal keys cost nothing. */
final class RecordSort {

    private static final int SMALL = 16;

    private RecordSort() {}

    static void sort(long[] records, int count, int width) {
        sort(records, 0, count - 1, width, new long[width]);
    }

    private static void sort(long[] records, int first, int last, int width, long[] pivot) {
        int low = first;
        int high = last;
        while (high - low > SMALL) {
            System.arraycopy(records, median(records, low, high, width) * width, pivot, 0, width);
            int less = low;
            int more = high;
            int i = low;
            while (i <= more) {
                int order = compare(records, i * width, pivot, 0, width);
                if (order < 0) {
                    swap(records, i++, less++, width);
                } else if (order > 0) {
                    swap(records, i, more--, width);
                } else {
                    i++;
                }
            }
            if (less - low < high - more) {
                sort(records, low, less - 1, width, pivot);
                low = more + 1;
            } else {
                sort(records, more + 1, high, width, pivot);
                high = less - 1;
            }
        }
        for (int i = low + 1; i <= high; i++) {
            for (int j = i; j > low && compare(records, j * width, records, (j - 1) * width, width) < 0; j--) {
                swap(records, j, j - 1, width);
            }
        }
    }

    private static int median(long[] records, int low, int high, int width) {
        int middle = (low + high) >>> 1;
        boolean a = compare(records, low * width, records, middle * width, width) < 0;
        boolean b = compare(records, middle * width, records, high * width, width) < 0;
        if (a == b) {
            return middle;
        }
        boolean c = compare(records, low * width, records, high * width, width) < 0;
        return a == c ? high : low;
    }

    static int compare(long[] a, int i, long[] b, int j, int width) {
        for (int k = 0; k < width; k++) {
            int order = Long.compareUnsigned(a[i + k], b[j + k]);
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    private static void swap(long[] records, int i, int j, int width) {
        for (int k = 0; k < width; k++) {
            long kept = records[i * width + k];
            records[i * width + k] = records[j * width + k];
            records[j * width + k] = kept;
        }
    }
}
