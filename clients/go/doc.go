// Package crispmocktest starts crisp-mock, an emulator of Crisp's plugin API, for the tests of a plugin.
//
//	func TestAnOutageIsSurvived(t *testing.T) {
//		crisp := crispmocktest.NewSpace(t, crispmocktest.Options{"websites": 3})
//		crisp.Fault("list#1..2", crispmocktest.Options{"status": 503})
//		held := settingsOfAll(crisp.RestURL, crisp.Identifier, crisp.Key)
//		…
//		crisp.ExpectNoUnfired()
//	}
//
// Each test has a space: a world of its own in one server, with credentials of its own, so tests run in
// parallel. The server is the one that CRISP_MOCK_CONTROL_URL names, as under `crisp-mock exec -- go test`,
// else one that is started once and ends with the test binary. When a test fails, the requests that its
// plugin made are logged with the faults they met.
package crispmocktest
