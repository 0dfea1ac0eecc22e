/// A refusal in Stripe's words. Nothing was executed and nothing is stored for the idempotency key:
/// Stripe keeps an answer only once an endpoint has begun to execute.
struct StripeFailure: Error, Equatable {
  var status: Int
  var type = "invalid_request_error"
  var code: String?
  var message: String
  var param: String?
  var retryAfterSeconds: Int?

  static func invalid(_ message: String, code: String? = nil, param: String? = nil) -> Self {
    Self(status: 400, code: code, message: message, param: param)
  }

  static func missing(_ param: String) -> Self {
    invalid("Missing required param: \(param).", code: "parameter_missing", param: param)
  }

  static func notAnInteger(_ value: String, _ param: String) -> Self {
    invalid("Invalid integer: \(value)", code: "parameter_invalid_integer", param: param)
  }

  static func unknownParameter(_ param: String) -> Self {
    invalid("Received unknown parameter: \(param)", code: "parameter_unknown", param: param)
  }

  static func noSuch(_ kind: String, _ id: String, param: String, status: Int = 404) -> Self {
    Self(
      status: status, code: "resource_missing", message: "No such \(kind): '\(id)'", param: param)
  }

  static let noKey = Self(
    status: 401,
    message: "You did not provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'.")

  static let wrongKey = Self(status: 401, message: "Invalid API Key provided: sk_test_***")

  static let keyInUse = Self(
    status: 409, type: "idempotency_error", code: "idempotency_key_in_use",
    message: "There is currently another in-progress request using this idempotency key. "
      + "Please try again later.")

  static func otherParameters(_ key: String) -> Self {
    Self(
      status: 400, type: "idempotency_error",
      message: "Keys for idempotent requests can only be used with the same parameters they were "
        + "first used with. Try using a key other than '\(key)' if you meant to execute a "
        + "different request.")
  }

  static func tooManyRequests(retryAfterSeconds: Int) -> Self {
    Self(
      status: 429, code: "rate_limit",
      message: "Too many requests hit the API too quickly. Back off and try again.",
      retryAfterSeconds: retryAfterSeconds)
  }

  static func unrecognized(_ method: String, _ path: String) -> Self {
    Self(status: 404, message: "Unrecognized request URL (\(method): \(path)).")
  }
}
