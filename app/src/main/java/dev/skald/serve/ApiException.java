package dev.skald.serve;

/** A request that is refused, with what the answer says. */
final class ApiException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final String type;
    private final String parameter;
    private final String code;

    private ApiException(int status, String type, String message, String parameter, String code) {
        super(message);
        this.status = status;
        this.type = type;
        this.parameter = parameter;
        this.code = code;
    }

    /** @param parameter the parameter that is wrong; null if it is no one of them */
    static ApiException invalid(String parameter, String message) {
        return new ApiException(400, "invalid_request_error", message, parameter, null);
    }

    static ApiException tooLong(String message) {
        return new ApiException(400, "invalid_request_error", message, null, "context_length_exceeded");
    }

    static ApiException unauthorized() {
        return new ApiException(
                401,
                "invalid_request_error",
                "a valid key is needed: Authorization: Bearer KEY",
                null,
                "invalid_api_key");
    }

    static ApiException unknownModel(String model, String known) {
        return new ApiException(
                404,
                "invalid_request_error",
                "the model " + model + " is not served here; expected " + known,
                "model",
                "model_not_found");
    }

    static ApiException notFound(String message) {
        return new ApiException(404, "invalid_request_error", message, null, "not_found");
    }

    static ApiException wrongMethod(String method, String path) {
        return new ApiException(
                405, "invalid_request_error", path + " does not take " + method, null, "method_not_allowed");
    }

    static ApiException tooManyRequests(String message) {
        return new ApiException(429, "rate_limit_error", message, null, "rate_limit_exceeded");
    }

    static ApiException unavailable(String message) {
        return new ApiException(503, "service_unavailable_error", message, null, "unavailable");
    }

    static ApiException internal() {
        return new ApiException(500, "server_error", "the server failed; its log says why", null, null);
    }

    int status() {
        return status;
    }

    String type() {
        return type;
    }

    String parameter() {
        return parameter;
    }

    String code() {
        return code;
    }
}
