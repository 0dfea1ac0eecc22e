import AsyncHTTPClient
import Endpoints
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// One request and its complete answer, limited in time and size.
struct GatewayExchange: Sendable {
  enum Fault: Error {
    /// TLS could not be established: nothing was sent. The sentence says why.
    case untrusted(String)
    /// No connection could be made: nothing was sent. The sentence says to where, and why.
    case unreachable(String)
    /// The answer is longer than any of this gateway's.
    case oversized
    /// Sent or not, answered or not: unknown.
    case lost(String)
  }

  /// The version of the gateway's API this was written against.
  static let apiVersion = "2024-06-20"
  static let largestBody = 256 << 10
  /// Room for a hundred charges with everything a gateway may say about each.
  static let largestList = 4 << 20

  var client: HTTPClient
  var address: GatewayAddress
  var caFile: String?
  var timeoutSeconds: Int
  /// At most half of a call's time, so that "not connected" and "not answered" can be
  /// distinguished.
  var connectSeconds: Double { min(Double(timeoutSeconds) / 2, 10) }
  /// For crash tests: called when the whole request has left.
  var requestSent: (@Sendable () -> Void)?
  var keys = KeyEcho()

  func post(
    _ path: String, form: String, key: String, traceparent: String? = nil
  ) async throws(Fault) -> GatewayReply {
    var request = self.request(path, traceparent)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
    request.headers.add(name: "Idempotency-Key", value: key)
    let body = Array(form.utf8)
    if let requestSent {
      request.body = .stream(
        SentBody(bytes: body, sent: requestSent), length: .known(Int64(body.count)))
    } else {
      request.body = .bytes(body)
    }
    return try await bounded(request)
  }

  func get(
    _ path: String, query: String, largest: Int = largestBody, traceparent: String? = nil
  ) async throws(Fault) -> GatewayReply {
    try await bounded(request("\(path)?\(query)", traceparent), largest: largest)
  }

  private func request(_ path: String, _ traceparent: String?) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: address.base + path)
    request.headers.add(name: "Authorization", value: "Bearer \(address.key)")
    request.headers.add(name: "Stripe-Version", value: Self.apiVersion)
    request.headers.add(name: "User-Agent", value: "month-close")
    if let traceparent { request.headers.add(name: "traceparent", value: traceparent) }
    return request
  }

  /// The client's own deadline ends with the first byte of an answer; this one covers all of it.
  private func bounded(
    _ request: HTTPClientRequest, largest: Int = largestBody
  ) async throws(Fault) -> GatewayReply {
    let timeout = Duration.seconds(timeoutSeconds)
    let result = await withTaskGroup(of: Result<GatewayReply, Fault>?.self) { group in
      group.addTask { await exchange(request, largest) }
      group.addTask {
        // Cancelled once the answer is there; the result is then unused.
        try? await Task.sleep(for: timeout)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    switch result {
    case .success(let reply): return reply
    case .failure(let fault): throw fault
    case nil: throw .lost("no complete answer within \(timeoutSeconds) s")
    }
  }

  private func exchange(
    _ request: HTTPClientRequest, _ largest: Int
  ) async -> Result<GatewayReply, Fault> {
    do {
      // A little more than ours, so that ours decides.
      let response = try await client.execute(
        request, timeout: .seconds(Int64(timeoutSeconds) + 1))
      var body: [UInt8] = []
      for try await part in response.body {
        guard body.count + part.readableBytes <= largest else {
          return .failure(.oversized)
        }
        body.append(contentsOf: part.readableBytesView)
      }
      return .success(
        GatewayReply(
          status: Int(response.status.code),
          retryAfterSeconds: RetryAfter.seconds(
            response.headers.first(name: "Retry-After"),
            date: response.headers.first(name: "Date")),
          repeatsKey: response.headers["Idempotency-Key"] == request.headers["Idempotency-Key"],
          body: body))
    } catch let error
      where error is NIOSSLError || error is NIOSSLExtraError
      || error is BoringSSLError
    {
      return .failure(await untrusted("\(type(of: error))"))
    } catch let error as NIOConnectionError {
      return .failure(unreachable(error.reason))
    } catch let error as IOError where error.isOfConnecting {
      return .failure(unreachable(error.reason))
    } catch let error as HTTPClientError where error.isOfConnecting {
      return .failure(unreachable("no connection within \(connectSeconds) s"))
    } catch let error as HTTPClientError {
      return .failure(.lost(error.shortDescription))
    } catch {
      // A type's name says enough; a system's text may hold addresses.
      return .failure(.lost("\(type(of: error))"))
    }
  }

  private func unreachable(_ why: String) -> Fault {
    .unreachable(
      "the payment gateway \(address.base) (MONTHCLOSE_GATEWAY_URL) cannot be reached: \(why)")
  }

  private func untrusted(_ fault: String) async -> Fault {
    // After the handshake, it is treated as any other lost connection.
    guard let problem = await TLSDiagnosis.problem(url: address.base, caFile: caFile) else {
      return .lost(fault)
    }
    return .untrusted(
      "the payment gateway \(address.base) (MONTHCLOSE_GATEWAY_URL) cannot be used over TLS: "
        + problem)
  }
}

extension HTTPClientError {
  /// The request never had a connection to leave on.
  var isOfConnecting: Bool {
    [.connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout].contains(self)
  }
}

extension IOError {
  /// Whether the error occurred while connecting. If the gateway is given as an address, the
  /// system's error comes unchanged. `ECONNREFUSED` has no other cause; other errors can also end a
  /// connection that has carried a request, and are distinguished by the call that NIO names.
  var isOfConnecting: Bool {
    if errnoCode == ECONNREFUSED { return true }
    return description.hasPrefix("connect(") || description.hasPrefix("finishing a non-block")
  }

  var reason: String {
    "\(String(cString: strerror(errnoCode)).lowercased()) (errno \(errnoCode))"
  }
}

extension NIOConnectionError {
  /// The address and the system's error; no other system text.
  var reason: String {
    guard let failure = connectionErrors.first else { return "the name \(host) does not resolve" }
    let place = failure.target.ipAddress ?? host
    switch failure.error {
    case let error as IOError: return "\(error.reason) (\(place):\(port))"
    case ChannelError.connectTimeout: return "no answer from \(place):\(port)"
    default: return "\(type(of: failure.error)) (\(place):\(port))"
    }
  }
}

/// Whether the gateway has answered with the idempotency key it was given, as Stripe does. A
/// gateway that never does may treat every request as new.
final class KeyEcho: Sendable {
  private let heard = Mutex(false)

  var wasHeard: Bool { heard.withLock { $0 } }

  func note() { heard.withLock { $0 = true } }
}

/// A request body that reports when the connection has taken all of it.
struct SentBody: AsyncSequence, Sendable {
  var bytes: [UInt8]
  var sent: @Sendable () -> Void

  struct AsyncIterator: AsyncIteratorProtocol {
    var bytes: [UInt8]?
    let sent: @Sendable () -> Void

    /// The client asks for more once it has written what it got.
    mutating func next() async -> ByteBuffer? {
      guard let whole = bytes else {
        sent()
        return nil
      }
      bytes = nil
      return ByteBuffer(bytes: whole)
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes: bytes, sent: sent) }
}
