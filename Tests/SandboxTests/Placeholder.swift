import Testing
@Suite struct PlaceholderSandboxTests { @Test func nothing() {} }
